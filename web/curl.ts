/** A call in the form that `curlOf` takes. */
type Call = {
  method: string;
  url: string;
  /** A placeholder for the token: a shell variable or command. */
  token?: string | undefined;
  headers?: Record<string, string>;
  body?: string | null;
  /** Names of uploaded files, by field. */
  files?: Record<string, string>;
};

const quote = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;

/** A call as a curl command; `between` separates its parts, for example by line breaks. */
export function curlOf(call: Call, between = " "): string {
  const { method, url, token, headers = {}, body, files = {} } = call;
  // With `-X HEAD` curl would wait for a body.
  const verb = method === "HEAD" ? "-I" : `-X ${method}`;
  const parts = [
    ...(method === "GET" ? [`curl ${quote(url)}`] : [`curl ${verb}`, quote(url)]),
    ...(token ? [`-H "authorization: Bearer ${token}"`] : []),
    ...Object.entries(headers).map(([name, value]) => `-H ${quote(`${name}: ${value}`)}`),
    ...(body ? [`-d ${quote(body)}`] : []),
    ...Object.entries(files).map(([field, name]) => `-F ${quote(`${field}=@${name}`)}`),
  ];
  return parts.join(between);
}

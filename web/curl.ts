/** A call as `curlOf` writes it. */
type Call = {
  method: string;
  url: string;
  /** What stands for the token: a shell replaces a variable or a command in it. */
  token?: string | undefined;
  headers?: Record<string, string>;
  body?: string | null;
  /** The names of files that are sent as a form, by their fields. */
  files?: Record<string, string>;
};

const quote = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;

/** A call for a shell, its parts one behind the other unless `between` puts them on lines. */
export function curlOf(call: Call, between = " "): string {
  const { method, url, token, headers = {}, body, files = {} } = call;
  const parts = [
    ...(method === "GET" ? [`curl ${quote(url)}`] : [`curl -X ${method}`, quote(url)]),
    ...(token ? [`-H "authorization: Bearer ${token}"`] : []),
    ...Object.entries(headers).map(([name, value]) => `-H ${quote(`${name}: ${value}`)}`),
    ...(body ? [`-d ${quote(body)}`] : []),
    ...Object.entries(files).map(([field, name]) => `-F ${quote(`${field}=@${name}`)}`),
  ];
  return parts.join(between);
}

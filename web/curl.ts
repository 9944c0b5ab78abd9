/** A call as `curlOf` writes it. */
type Call = {
  method: string;
  url: string;
  /** What stands for the token: a shell replaces a variable or a command in it. */
  token?: string | undefined;
  headers?: Record<string, string>;
  body?: string | null;
};

const quote = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;

/** A call for a shell, its parts one behind the other unless `between` puts them on lines. */
export function curlOf({ method, url, token, headers = {}, body }: Call, between = " "): string {
  const parts = [
    `curl${method === "GET" ? "" : ` -X ${method}`} ${quote(url)}`,
    ...(token ? [`-H "authorization: Bearer ${token}"`] : []),
    ...Object.entries(headers).map(([name, value]) => `-H ${quote(`${name}: ${value}`)}`),
    ...(body ? [`-d ${quote(body)}`] : []),
  ];
  return parts.join(between);
}

/** A problem that would make a deployment fail, and its fix. */
export type Finding = { says: string; fix: string };

/** Where the account is asked: with these credentials, in this region. */
export type Place = {
  region: string;
  account: string;
  credentials: { accessKeyId: string; secretAccessKey: string; sessionToken?: string };
};

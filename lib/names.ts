/** `gifts/create` of the stage dev is the function `ovation-dev-gifts-create`. */
export const functionName = (stage: string, name: string) =>
  `ovation-${stage}-${name.replaceAll("/", "-")}`;

/** The table of a stage: that of its stack, unless a restored one is in its place. */
export const tableName = ({ name, restored }: { name: string; restored?: { table: string } }) =>
  restored?.table ?? `ovation-${name}`;

/** Parameters by which a stage's issuer of tokens is known. */
export const issuerParameters = (stage: string) => ({
  issuer: `/ovation/${stage}/issuer`,
  audience: `/ovation/${stage}/audience`,
  jwks: `/ovation/${stage}/jwks`,
});

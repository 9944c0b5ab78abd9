/** `gifts/create` of the stage dev is the function `ovation-dev-gifts-create`. */
export const functionName = (stage: string, name: string) =>
  `ovation-${stage}-${name.replaceAll("/", "-")}`;

/** Parameters by which a stage's issuer of tokens is known. */
export const issuerParameters = (stage: string) => ({
  issuer: `/ovation/${stage}/issuer`,
  audience: `/ovation/${stage}/audience`,
  jwks: `/ovation/${stage}/jwks`,
});

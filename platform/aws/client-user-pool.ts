import { type ClientSettings, JsonClient } from "./json-client.ts";

/**
 * A client for Cognito user pools, with the only operation that is used; it replaces no SDK client.
 */
export class UserPoolClient extends JsonClient {
  constructor(settings: object) {
    const target = "AWSCognitoIdentityProviderService";
    const service = { name: "cognito-idp", target, version: "1.1", pauseBase: 50 } as const;
    super(service, settings as ClientSettings);
  }

  /**
   * Reads one user of a pool. Rejects as `JsonClient.call` does.
   * https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_AdminGetUser.html
   */
  getUser({ userPoolId, userName }: { userPoolId: string; userName: string }) {
    const user = { UserPoolId: userPoolId, Username: userName };
    return this.call("AdminGetUser", JSON.stringify(user));
  }
}

import type { APIGatewayRequestAuthorizerEvent } from "aws-lambda";
import { handler as authorize } from "../../functions/people/auth/http.ts";
import { useOwnIssuer } from "./own-issuer.ts";
import { published } from "./published-metrics.ts";
import { useOwnTable } from "./table.ts";

useOwnTable();

const own = useOwnIssuer();

test("a token that cannot be judged now counts for the operator's alarm, an invalid one does not", async () => {
  const methodArn = "arn:aws:execute-api:us-east-1:000000000000:api/dev/GET/x";
  const ask = async (token: string) => {
    const multiValueHeaders = { Authorization: [`Bearer ${token}`] };
    const event: Partial<APIGatewayRequestAuthorizerEvent> = { methodArn, multiValueHeaders };
    return authorize({ ...event, headers: {} } as APIGatewayRequestAuthorizerEvent);
  };
  own.isDown = true;
  const token = await own.tokenOf("u1");
  const lines = await published(async () => {
    await expect(ask(token)).rejects.toThrow("cannot be judged");
    await ask("a.b.c");
  });
  expect(lines).toMatchObject([{ AuthorizerFaults: 1 }]);
});

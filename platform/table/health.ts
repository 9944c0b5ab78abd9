import { logFault } from "../runtime/log.ts";
import { getRawItem } from "./items.ts";
import { key } from "./keys.ts";

/** Whether the table answers a consistent read, whatever the result. */
export async function isTableReachable(): Promise<boolean> {
  try {
    await getRawItem(key.giftType("health"), { consistent: true });
    return true;
  } catch (error) {
    logFault("The table does not answer", error);
    return false;
  }
}

import { Member } from "../../domain/streams/member.ts";
import { EscrowPart } from "../store/streams/escrow.ts";
import type { Item } from "../table/items.ts";
import { moneyKindOf } from "../table/keys.ts";

/** One stream's escrow: its decided parts by outcome, and how much was returned. */
type Escrow = { parts: Record<"host" | "back", string[]>; returned: number };

/**
 * Finds contributions with two outcomes: parts of one escrow that are decided differently, and
 * returns from one that went to the host. No sum shows this, since credits leave the escrow with
 * either outcome. Outcomes never change, so a scan of a running system cannot be mistaken. Items
 * that do not fit their kind are ignored here: `readItem` reports them.
 */
export function createEscrows() {
  const escrows = new Map<string, Escrow>();

  function escrowOf(streamId: string): Escrow {
    const escrow = escrows.get(streamId) ?? { parts: { host: [], back: [] }, returned: 0 };
    escrows.set(streamId, escrow);
    return escrow;
  }

  return {
    add(item: Item): void {
      const { kind, owner: streamId } = moneyKindOf(item);
      if (kind === "escrow") {
        const outcome = EscrowPart.safeParse(item).data?.outcome;
        if (outcome !== undefined) escrowOf(streamId).parts[outcome].push(`${item.PK} ${item.SK}`);
      } else if (kind === "member" && item.returnedAt !== undefined)
        escrowOf(streamId).returned += Member.safeParse(item).data?.contributed ?? 0;
    },
    /** The parts of escrows that have both outcomes, with what is wrong. */
    listHalved: (): { item: string; problem: string }[] =>
      [...escrows].flatMap(([streamId, { parts, returned }]) => {
        const [item] = parts.host;
        if (item === undefined) return [];
        const back = parts.back.map((part) => ({
          item: part,
          problem: `goes back, and other parts of the escrow of stream ${streamId} to the host`,
        }));
        const problem = `is the host's, and ${returned} of stream ${streamId} were returned`;
        return returned === 0 ? back : [{ item, problem }, ...back];
      }),
  };
}

import {
  callbackRefusals,
  eventTimeOf,
  takenCallbacks,
} from "../../../domain/tencent/incoming-callback.ts";
import { chargeGift } from "../../../platform/store/tencent/gift-callbacks.ts";
import { noteRoom, noteRoomEnd } from "../../../platform/store/tencent/room-lifecycle.ts";
import { callbackAnswerOf, receiver } from "../../../platform/tencent/receiver.ts";

/** Callbacks of an application whose rooms are Tencent's own and whose credits are here. */
export const { contract, handler } = receiver(
  {
    path: "/callback",
    summary: "Receive a callback from Tencent: charge a gift before it is sent, or record a room",
    takes: takenCallbacks,
    refusals: callbackRefusals,
    grants: {
      read: ["ROOM", "STREAM", "GIFTID", "GIFTTYPE", "USER", "WALLET", "CALL"],
      write: [
        ...(["ROOM", "STREAM", "GIFT", "LIST", "NOTICE", "CROWD"] as const),
        ...(["USER", "WALLET", "LEDGER", "CALL"] as const),
      ],
      queues: ["notices", "reversals"],
    },
  },
  {
    "Live.CallbackBeforeSendGift": ({ body, newId, ...call }) =>
      chargeGift({ request: body, callId: newId(), tell: callbackAnswerOf, ...call }),
    "Live.CallbackAfterCreateRoom": ({ body, now, newId }) => {
      const { RoomInfo } = body;
      const eventTime = eventTimeOf(body, now);
      return noteRoom(RoomInfo, { owner: RoomInfo.Owner_Account, now, newId, eventTime });
    },
    "Live.CallbackAfterDestroyRoom": ({ body, now }) =>
      noteRoomEnd(body.RoomId, now, {
        eventTime: eventTimeOf(body, now),
        by: body.Operator_Account,
      }),
  },
);

/** The route table: one line is one Lambda. The name is its entry point and the end of its own name. */
export * as "app/config" from "./app/config.ts";
export * as "app/docs" from "./app/docs.ts";
export * as "app/health" from "./app/health.ts";
export * as "app/not-found" from "./app/not-found.ts";
export * as "app/openapi" from "./app/openapi.ts";
export * as "auth/http" from "./auth/http.ts";
export * as "auth/socket" from "./auth/socket.ts";
export * as "tencent/gifts/add" from "./tencent/gifts/add.ts";
export * as "tencent/gifts/get" from "./tencent/gifts/get.ts";
export * as "tencent/gifts/send" from "./tencent/gifts/send.ts";
export * as "tencent/gifts/set-switch" from "./tencent/gifts/set-switch.ts";
export * as "tencent/unknown" from "./tencent/unknown.ts";

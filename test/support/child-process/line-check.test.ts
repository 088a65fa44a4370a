/** The check of stdout lines finds what it is meant to find. */
import { expect, test } from "vitest";
import { checkLine, type Mode } from "./line-check.ts";

const check = (line: string | Buffer, mode: Mode = "courier") => checkLine(Buffer.from(line), mode);
const event = (params: object) => JSON.stringify({ jsonrpc: "2.0", method: "courier.event", params });

test.each<[string, string, Mode]>([
  ["an event", event({ kind: "done" }), "courier"],
  ["a result", '{"jsonrpc":"2.0","id":1,"result":{"kind":"ok"}}', "courier"],
  [
    "an error",
    '{"jsonrpc":"2.0","id":null,"error":{"code":-32700,"message":"x","data":{"dispatch_error":{"code":"c","message":"x"}}}}',
    "courier",
  ],
  ["an answer of the extension", '{"jsonrpc":"2.0","id":7,"result":{}}', "roder"],
])("%s passes", (_, line, mode) => {
  expect(() => check(line, mode)).not.toThrow();
});

test.each<[string, string | Buffer, Mode]>([
  ["text", "hello", "courier"],
  ["a blank line", "", "courier"],
  ["a batch", "[]", "courier"],
  ["blanks around it", ` ${event({ kind: "done" })}`, "courier"],
  ["a carriage return", `${event({ kind: "done" })}\r`, "courier"],
  ["a mark at the beginning", `\ufeff${event({ kind: "done" })}`, "courier"],
  ["bytes that are no text", Buffer.from([0x22, 0xff, 0x22]), "courier"],
  ["one member twice", '{"jsonrpc":"2.0","id":1,"id":1,"result":{"kind":"ok"}}', "courier"],
  ["a lone surrogate", event({ kind: "text_delta", content: "x" }).replace('"x"', '"\\ud800"'), "courier"],
  ["an unknown event", event({ kind: "progress" }), "courier"],
  ["an unknown member of an event", event({ kind: "done", at: 1 }), "courier"],
  ["the other host's event", JSON.stringify({ jsonrpc: "2.0", method: "tasks/event", params: {} }), "courier"],
  ["a fraction where the host wants an integer", '{"jsonrpc":"2.0","id":1.5,"result":{"kind":"ok"}}', "courier"],
  ["a result and an error", '{"jsonrpc":"2.0","id":1,"result":{"kind":"ok"},"error":null}', "courier"],
  ["no version", '{"id":1,"result":{"kind":"ok"}}', "courier"],
  ["an error without the host's code", '{"jsonrpc":"2.0","id":1,"error":{"code":1,"message":"x"}}', "courier"],
  ["a request", '{"jsonrpc":"2.0","id":1,"method":"x","params":{}}', "roder"],
  ["more than a line may hold", event({ kind: "text_delta", content: "x".repeat(1_048_576) }), "courier"],
])("%s does not", (_, line, mode) => {
  expect(() => check(line, mode)).toThrow();
});

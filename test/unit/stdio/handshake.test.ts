/** The handshake is answered at once, and no byte of the host is lost, whether the handshake or `serve` answers it. */
import { PassThrough, type Readable } from "node:stream";
import { describe, expect, test } from "vitest";
import { answerHandshake, type Handshake } from "../../../src/stdio/handshake.ts";
import { HandAmbient, Sink } from "./harness.ts";

const hello = '{"jsonrpc":"2.0","id":7,"method":"hello","params":{"v":1}}\n';
const answer = '{"jsonrpc":"2.0","id":7,"result":{"v":1}}\n';
const handshake: Handshake = (method, params) => (method === "hello" ? { v: params.v } : undefined);
const heard = { method: "hello", params: { v: 1 } };

function look(input: Readable) {
  const output = new Sink();
  return answerHandshake({ input, output, ambient: new HandAmbient() }, handshake).then((first) => ({ first, output }));
}

async function rest(input: Readable): Promise<string> {
  let text = "";
  for await (const chunk of input) text += chunk;
  return text;
}

describe("a handshake", () => {
  test("is answered, and what follows it stays in the input", async () => {
    const input = new PassThrough();
    input.write(`${hello}{"more"`);
    const { first, output } = await look(input);
    expect(first).toEqual({ heard, over: false });
    expect(output.text).toBe(answer);
    input.end(":1}\n");
    expect(await rest(input)).toBe('{"more":1}\n');
  });

  test.each([
    ["7", 7],
    ['"7"', "7"],
    ['""', ""],
    ["0", 0],
  ])("with id %s gets that id back", async (text, id) => {
    const input = new PassThrough();
    input.write(hello.replace('"id":7', `"id":${text}`));
    const { output } = await look(input);
    expect(JSON.parse(output.text).id).toBe(id);
  });

  test("before the end of the input: it is over", async () => {
    const input = new PassThrough();
    input.end(hello);
    const { first, output } = await look(input);
    expect(first).toEqual({ heard, over: true });
    expect(output.text).toBe(answer);
  });

  test("before another request and the end of the input: it is not over", async () => {
    const input = new PassThrough();
    input.end(hello + hello);
    const { first, output } = await look(input);
    expect(first).toEqual({ heard, over: false });
    expect(output.text).toBe(answer);
    expect(await rest(input)).toBe(hello);
  });
});

describe("left to `serve`, every byte of it", () => {
  test.each([
    ["another method", hello.replace("hello", "other")],
    ["no JSON", "hello\n"],
    ["a blank line before it", `\n${hello}`],
    ["half a line", hello.slice(0, 20)],
    ["a line without its end", hello.trimEnd()],
    ["a batch", `[${hello.trimEnd()}]\n`],
    ["no version", hello.replace('"jsonrpc":"2.0",', "")],
    ["no id", hello.replace('"id":7,', "")],
    ["an id with half a character", hello.replace('"id":7', '"id":"\\ud83d"')],
    ["an id of another type", hello.replace('"id":7', '"id":true')],
    ["no id but null", hello.replace('"id":7', '"id":null')],
    ["a fraction for an id", hello.replace('"id":7', '"id":7.5')],
    ["no params", hello.replace(',"params":{"v":1}', "")],
    ["params in a list", hello.replace('{"v":1}', "[1]")],
    ["a line above the limit", hello.replace('"v":1', `"v":"${"x".repeat(4096)}"`)],
  ])("%s", async (_, text) => {
    const input = new PassThrough();
    input.end(text);
    const { first, output } = await look(input);
    expect(first).toEqual({ heard: undefined, over: false });
    expect(output.text).toBe("");
    expect(await rest(input)).toBe(text);
  });

  test("bytes that are not UTF-8", async () => {
    const input = new PassThrough();
    const bytes = Buffer.from(hello.replace('"v":1', '"v":"\xff"'), "latin1");
    input.end(bytes);
    expect((await look(input)).first.heard).toBeUndefined();
  });

  test("a line that a slow host has not written yet", async () => {
    const input = new PassThrough();
    const { first, output } = await look(input);
    expect(first).toEqual({ heard: undefined, over: false });
    expect(output.text).toBe("");
    input.end(hello);
    expect(await rest(input)).toBe(hello);
  });

  test("an input that ends empty", async () => {
    const input = new PassThrough();
    input.end();
    expect((await look(input)).first.heard).toBeUndefined();
    expect(await rest(input)).toBe("");
  });
});

/** The greeting is answered at once, and nothing of what a host writes is lost, whoever answers it. */
import { PassThrough, type Readable } from "node:stream";
import { describe, expect, test } from "vitest";
import { answerFirstLine, type Handshake } from "../../../src/stdio/first-line.ts";
import { HandAmbient, Sink } from "./harness.ts";

const hello = '{"jsonrpc":"2.0","id":7,"method":"hello","params":{"v":1}}\n';
const answer = '{"jsonrpc":"2.0","id":7,"result":{"v":1}}\n';
const greeting: Handshake = (method, params) => (method === "hello" ? { v: params.v } : undefined);

function look(input: Readable) {
  const output = new Sink();
  return answerFirstLine({ input, output, ambient: new HandAmbient() }, greeting).then((first) => ({ first, output }));
}

async function rest(input: Readable): Promise<string> {
  let text = "";
  for await (const chunk of input) text += chunk;
  return text;
}

describe("a greeting", () => {
  test("is answered, and what follows is left to be read", async () => {
    const input = new PassThrough();
    input.write(`${hello}{"more"`);
    const { first, output } = await look(input);
    expect(first).toEqual({ answered: true, over: false });
    expect(output.text).toBe(answer);
    input.end(":1}\n");
    expect(await rest(input)).toBe('{"more":1}\n');
  });

  test("and nothing else: it is over", async () => {
    const input = new PassThrough();
    input.end(hello);
    const { first, output } = await look(input);
    expect(first).toEqual({ answered: true, over: true });
    expect(output.text).toBe(answer);
  });

  test("and the end behind another request: it is not over", async () => {
    const input = new PassThrough();
    input.end(hello + hello);
    const { first, output } = await look(input);
    expect(first).toEqual({ answered: true, over: false });
    expect(output.text).toBe(answer);
    expect(await rest(input)).toBe(hello);
  });
});

describe("left to the program, every byte of it", () => {
  test.each([
    ["another method", hello.replace("hello", "other")],
    ["no JSON", "hello\n"],
    ["a blank line before it", `\n${hello}`],
    ["half a line", hello.slice(0, 20)],
    ["a line without its end", hello.trimEnd()],
    ["a batch", `[${hello.trimEnd()}]\n`],
    ["no version", hello.replace('"jsonrpc":"2.0",', "")],
    ["no id", hello.replace('"id":7,', "")],
    ["an id that is text", hello.replace('"id":7', '"id":"7"')],
    ["a fraction for an id", hello.replace('"id":7', '"id":7.5')],
    ["no params", hello.replace(',"params":{"v":1}', "")],
    ["params in a list", hello.replace('{"v":1}', "[1]")],
    ["more than a greeting has", hello.replace('"v":1', `"v":"${"x".repeat(4096)}"`)],
  ])("%s", async (_, text) => {
    const input = new PassThrough();
    input.end(text);
    const { first, output } = await look(input);
    expect(first).toEqual({ answered: false, over: false });
    expect(output.text).toBe("");
    expect(await rest(input)).toBe(text);
  });

  test("bytes that are no text", async () => {
    const input = new PassThrough();
    const bytes = Buffer.from(hello.replace('"v":1', '"v":"\xff"'), "latin1");
    input.end(bytes);
    expect((await look(input)).first.answered).toBe(false);
  });

  test("what a slow host has not written yet", async () => {
    const input = new PassThrough();
    const { first, output } = await look(input);
    expect(first).toEqual({ answered: false, over: false });
    expect(output.text).toBe("");
    input.end(hello);
    expect(await rest(input)).toBe(hello);
  });

  test("an end without a word", async () => {
    const input = new PassThrough();
    input.end();
    expect((await look(input)).first.answered).toBe(false);
    expect(await rest(input)).toBe("");
  });
});

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createRedactor } from "../../../src/support/redact.ts";
import { formsOf } from "../../../src/support/secret-forms.ts";

const redactorFor = (...secrets: string[]) => {
  const redactor = createRedactor();
  for (const secret of secrets) redactor.add(secret);
  return redactor;
};

describe("a secret that was added", () => {
  test.each([
    ["plain", "s3cr3t/va+lue", "a s3cr3t/va+lue b", "a [redacted] b"],
    ["twice", "s3cr3t-1", "s3cr3t-1s3cr3t-1", "[redacted]"],
    ["inside JSON", 'qu"ote\\d\nline', JSON.stringify({ v: 'qu"ote\\d\nline' }), '{"v":"[redacted]"}'],
    ["inside a URL", "p@ss/w+rd&x", `?q=${encodeURIComponent("p@ss/w+rd&x")}`, "?q=[redacted]"],
    ["in lower-case escapes", "p@ss/w+rd&x", "?q=p%40ss%2fw%2brd%26x", "?q=[redacted]"],
    ["in lower-case escapes, with a blank", "pass w/rd", "?q=pass%20w%2frd", "?q=[redacted]"],
    ["inside a form", "pass word!~", new URLSearchParams({ q: "pass word!~" }).toString(), "q=[redacted]"],
    ["beyond ASCII", "pässwörd", `?q=${encodeURIComponent("pässwörd")} pässwörd`, "?q=[redacted] [redacted]"],
    ["with characters a pattern knows", "a.*(b)[c]$", "x a.*(b)[c]$ y", "x [redacted] y"],
    ["with half a character", "secret\ud83dx", "the secret\ud83dx", "the [redacted]"],
  ])("is removed: %s", (_, secret, text, expected) => {
    expect(redactorFor(secret).redact(text)).toBe(expected);
  });

  const QUOTED = `pa"s's&w<o>rd-01`;
  test.each([
    ["HTML of Python", "pa&quot;s&#x27;s&amp;w&lt;o&gt;rd-01"],
    ["HTML of Go", "pa&#34;s&#39;s&amp;w&lt;o&gt;rd-01"],
    ["HTML of templates", "pa&quot;s&#39;s&amp;w&lt;o&gt;rd-01"],
    ["HTML text", `pa"s's&amp;w&lt;o&gt;rd-01`],
    ["escapes only", Array.from(QUOTED, (one) => `\\u00${one.charCodeAt(0).toString(16)}`).join("")],
  ])("is removed in %s", (_, spelled) => {
    expect(redactorFor(QUOTED).redact(`<${spelled}>`)).toBe("<[redacted]>");
  });

  const KEY = "k3y/With+40?chars>and~more-0123456789";
  const base64 = (text: string) => Buffer.from(text).toString("base64");
  test.each<[string, string]>([
    ["base64", base64(KEY)],
    ["base64 after one byte", base64(`x${KEY}y`)],
    ["base64 after two bytes", base64(`xy${KEY}`)],
    ["base64 for addresses", Buffer.from(`user:${KEY}`).toString("base64url")],
    ["Basic", `Authorization: Basic ${base64(`someone:${KEY}`)}`],
    ["base64 in an address", encodeURIComponent(base64(`ab${KEY}`))],
    ["hex", Buffer.from(KEY).toString("hex")],
    ["capital hex", Buffer.from(KEY).toString("hex").toUpperCase()],
    [
      "an address, each byte",
      Buffer.from(KEY)
        .toString("hex")
        .replace(/../g, (byte) => `%${byte}`),
    ],
    ["an address in an address", encodeURIComponent(encodeURIComponent(KEY))],
    ["JSON in JSON", JSON.stringify(JSON.stringify({ key: KEY }))],
    ["JSON in JSON in JSON", JSON.stringify(JSON.stringify(JSON.stringify({ key: KEY })))],
    ["JSON of PHP", JSON.stringify(KEY).replaceAll("/", "\\/")],
    ["JSON of Go", JSON.stringify(KEY).replaceAll(">", "\\u003e")],
    ["a text that was cut", `${KEY.slice(0, -1)}…`],
    ["a text of which little is left", `${KEY.slice(0, 9)}…`],
    ["a text that was cut by half", `so it is ${KEY.slice(0, 20)}...[truncated]`],
    ["a text that ends early", `so it is ${KEY.slice(0, -1)}`],
  ])("nothing of it is left in %s", (_, text) => {
    const out = redactorFor(KEY).redact(text);
    expect(out).toContain("[redacted]");
    const rest = out.replaceAll("[redacted]", "");
    for (const part of text.matchAll(/(?=(.{9}))/gs)) {
      if (KEY.includes(part[1] ?? "")) expect(rest).not.toContain(part[1]);
    }
    // What base64 leaves are the characters around the secret.
    expect(rest.length).toBeLessThan(Math.max(24, text.length - KEY.length + 12));
  });

  test("of several lines is removed with any line breaks, and line by line", () => {
    const lines = ["-----BEGIN KEY-----", "MIIEvQIBADANBgkqhkiG9w0B", "AQEFAASCBKcwggSjAgEAAoIB", "-----END KEY-----"];
    for (const written of [lines.join("\n"), lines.join("\r\n"), `${lines.join("\n")}\n`]) {
      const { redact } = redactorFor(written);
      expect(redact(`a ${lines.join("\n")} b`)).toMatch(/^a \[redacted\]\n? ?b$/);
      expect(redact(`a ${lines.join("\r\n")} b`)).not.toMatch(/MIIE|AQEF/);
      expect(redact(`1. ${lines[1]}\n2. ${lines[2]}`)).toBe("1. [redacted]\n2. [redacted]");
      expect(redact(JSON.stringify({ key: lines.join("\n") }))).not.toMatch(/MIIE|AQEF/);
      expect(redact(`ends with ${lines[3]}`)).toBe(`ends with ${lines[3]}`);
    }
  });

  test("is removed whole when it contains another one", () => {
    expect(redactorFor("abcdef", "abcdef-ghijkl").redact("abcdef-ghijkl abcdef")).toBe("[redacted] [redacted]");
    expect(redactorFor("abcdef-ghijkl", "abcdef").redact("abcdef-ghijkl abcdef")).toBe("[redacted] [redacted]");
  });

  test("is not searched for when it is as short as a word", () => {
    expect(redactorFor("true", "", "5").redact("true 5")).toBe("true 5");
  });

  test("a pattern character in one secret changes nothing for others", () => {
    expect(redactorFor("axbxcx").redact("a.b.c.")).toBe("a.b.c.");
  });

  test("never remains, in any characters and any serialization", () => {
    fc.assert(
      fc.property(fc.string({ minLength: 6, maxLength: 30, unit: "binary" }), fc.string(), (secret, around) => {
        const redactor = redactorFor(secret);
        for (const form of [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret)]) {
          expect(redactor.redact(`${around}|${form}|`)).not.toContain(`|${form}|`);
        }
      }),
      { seed: 1, numRuns: 1_000 },
    );
  });
});

describe("shapes that are always secret", () => {
  test.each([
    ["key seren_Ab3dEf6hIj9k end", "key [redacted] end"],
    ["seren_live_0123456789abcdef", "[redacted]"],
    ['{"error":"bad key\\nseren_Ab3dEf6hIj9k"}', '{"error":"bad key\\n[redacted]"}'],
    ["Authorization: Bearer abc.def-ghi_jkl", "Authorization: [redacted]"],
    ["authorization: bearer   eyJhbGciOi.eyJzdWIi.c2ln==", "authorization: [redacted]"],
    [
      "https://s3/x?X-Amz-Credential=AK%2F1&X-Amz-Date=2026&X-Amz-Signature=abc123",
      "https://s3/x?X-Amz-Credential=[redacted]&X-Amz-Date=2026&X-Amz-Signature=[redacted]",
    ],
    ['"https://h/x?token=abc&keep=1"', '"https://h/x?token=[redacted]&keep=1"'],
    ["https://h/x?keep=1&access_token=a.b.c next", "https://h/x?keep=1&access_token=[redacted] next"],
    ["https://b.blob/x?sv=1&sig=a%2Bb%3D", "https://b.blob/x?sv=1&sig=[redacted]"],
  ])("%s", (text, expected) => {
    expect(createRedactor().redact(text)).toBe(expected);
  });

  test.each(["seren_run_status", "seren_agents", "seren-bridge runs list", "a bearer of news", "signature=here"])(
    "leaves %j alone",
    (text) => {
      expect(createRedactor().redact(text)).toBe(text);
    },
  );
});

test("a redacted line of JSON is still JSON", () => {
  const redactor = redactorFor('a"b\\c\u0007d\u2028e');
  const value = { one: 'x a"b\\c\u0007d\u2028e y', two: "Bearer abcdefghijkl", three: ["https://h/?sig=abc"] };
  expect(JSON.parse(redactor.redact(JSON.stringify(value)))).toEqual({
    one: "x [redacted] y",
    two: "[redacted]",
    three: ["https://h/?sig=[redacted]"],
  });
});

describe("a long secret", () => {
  const long = Array.from({ length: 3_200 }, (_, index) =>
    String.fromCharCode(0x30 + ((index * index * 7 + index) % 75)),
  );
  const line = long.join("").replaceAll("\\", "/");
  const pem = `-----BEGIN KEY-----\n${line.replace(/.{64}/g, "$&\n")}\n-----END KEY-----\n`;

  test.each([
    ["whole", line, `a ${line} b`, "a [redacted] b"],
    ["in part", line, `a ${line.slice(640, 1_280)} b`, /^a .{0,64}\[redacted\].{0,64} b$/],
    [
      "in JSON",
      pem,
      JSON.stringify({ pem }),
      /^\{"pem":"-----BEGIN KEY-----\\n(?:\[redacted\](?:\\n)+)+-----END KEY-----\\n"\}$/,
    ],
    ["in base64", line, Buffer.from(line).toString("base64"), /^(\[redacted\].{0,4})+$/],
  ])("is removed: %s", (_, secret, text, left) => {
    const out = redactorFor(secret).redact(text);
    if (typeof left === "string") expect(out).toBe(left);
    else expect(out).toMatch(left);
  });

  test("costs what its length says: its spellings are bounded, and so are those of many", () => {
    const spelled = (forms: Set<string>) => [...forms].reduce((sum, form) => sum + form.length, 0);
    expect(spelled(formsOf(pem))).toBeLessThan(64 * pem.length);
    expect(spelled(formsOf(line.repeat(10)))).toBeLessThan(16 * 10 * line.length);
    expect(spelled(formsOf(line, 0))).toBeLessThan(10 * line.length);
  });
});

import { describe, expect, test } from "vitest";
import { readConfig } from "../../../src/config.ts";

const shown = (env: Record<string, string>, target: string) => {
  const route = readConfig(env).proxyFor(new URL(target));
  return route && `${route.variable} ${route.url.href}`;
};
const API = "https://api.serendb.com/publishers/seren-cloud";

describe("the proxy for an address", () => {
  test.each([
    [{}, API, undefined],
    [{ HTTPS_PROXY: "http://p:3128" }, API, "HTTPS_PROXY http://p:3128/"],
    [{ HTTPS_PROXY: "p:3128" }, API, "HTTPS_PROXY http://p:3128/"],
    [{ HTTPS_PROXY: "https://p" }, API, "HTTPS_PROXY https://p/"],
    [{ HTTPS_PROXY: "http://upper", https_proxy: "http://lower" }, API, "https_proxy http://lower/"],
    [{ HTTPS_PROXY: " " }, API, undefined],
    [{ HTTP_PROXY: "http://p" }, API, undefined],
    [{ HTTPS_PROXY: "http://p" }, "http://models.lan/v1", undefined],
    [{ HTTP_PROXY: "http://p" }, "http://models.lan/v1", "HTTP_PROXY http://p/"],
  ])("%j to %s: %s", (env, target, expected) => {
    expect(shown(env, target)).toBe(expected);
  });

  test.each([
    "http://127.0.0.1:8787",
    "https://localhost",
    "http://127.9.9.9",
    "http://[::1]:1/",
    "http://0.0.0.0:1",
    "http://[::]:1",
    "https://a.localhost",
    "https://localhost.",
    "http://[::ffff:127.0.0.1]",
    "http://2130706433",
  ])("is none for %s", (target) => {
    expect(shown({ HTTPS_PROXY: "http://p", HTTP_PROXY: "http://p" }, target)).toBeUndefined();
  });

  test.each([
    ["api.serendb.com", true],
    ["serendb.com", true],
    [".serendb.com", true],
    ["*.serendb.com", true],
    ["other.com, SERENDB.COM", true],
    ["other.com serendb.com:443", true],
    ["*", true],
    ["serendb.com:8443", false],
    ["rendb.com", false],
    ["api.serendb.com.evil.com", false],
    ["", false],
    [",", false],
  ])("NO_PROXY=%j excepts it: %s", (except, direct) => {
    expect(shown({ HTTPS_PROXY: "http://p", NO_PROXY: except }, API) === undefined).toBe(direct);
    expect(shown({ HTTPS_PROXY: "http://p", no_proxy: except }, API) === undefined).toBe(direct);
  });

  test.each<[string, string, boolean]>([
    ["10.0.0.0/8", "https://10.1.2.3", true],
    ["10.0.0.0/8", "https://11.1.2.3", false],
    ["10.0.0.0/8", "https://[::ffff:10.1.2.3]", true],
    ["10.0.0.0/99", "https://10.1.2.3", false],
    ["fd00::/8", "https://[fd12::1]", true],
    ["[fd00::]/8", "https://[fd12::1]", true],
    ["fd00::/8", "https://[fe12::1]", false],
    ["fd12::1", "https://[fd12::1]", true],
    ["fd12:0:0::1", "https://[fd12::1]", true],
    ["[fd12::1]", "https://[fd12::1]", true],
    ["[fd12::1]:443", "https://[fd12::1]", true],
    ["[fd12::1]:8443", "https://[fd12::1]", false],
    ["10.1.2.3", "https://[::ffff:10.1.2.3]", true],
    ["::ffff:10.1.2.3", "https://10.1.2.3", true],
    ["10.1.2.3:443", "https://10.1.2.3", true],
    ["10.1.2", "https://10.1.2.3", false],
    ["api.serendb.com.", API, true],
    ["api.serendb.com", "https://api.serendb.com./x", true],
    ["BÜCHER.example", "https://xn--bcher-kva.example", true],
    ["1.2.3.4/8/9", "https://1.2.3.4", false],
    ["/8", "https://1.2.3.4", false],
    ["api.serendb.com:", API, true],
    ["https://api.serendb.com/", API, true],
    ["http://api.serendb.com:443", API, true],
    ["http://api.serendb.com:80", API, false],
    ["a.example;api.serendb.com", API, true],
    ["[fd00::/8]", "https://[fd12::1]", true],
    ["10.0.0.0/8:443", "https://10.1.2.3", true],
    ["10.0.0.0/8:8443", "https://10.1.2.3", false],
    ["192.168.*", "https://192.168.1.2", true],
    ["192.168.", "https://192.168.1.2", true],
    ["10.*.*.*", "https://10.1.2.3", true],
    ["192.168.*", "https://192.169.1.2", false],
    ["192.168.*", "https://192.168.example", false],
    ["*.168.*", "https://192.168.1.2", false],
  ])("NO_PROXY=%j and %s: %s", (except, target, direct) => {
    expect(shown({ HTTPS_PROXY: "http://p", NO_PROXY: except }, target) === undefined).toBe(direct);
  });

  test.each([
    ["http://a%:b@p", "HTTPS_PROXY has a % in its user or password that begins no escape (a % itself is written %25)"],
    ["socks5://p:1080", "HTTPS_PROXY is a socks5 proxy; give an http:// or https:// address, or unset it"],
    ["http://", "HTTPS_PROXY is not an address; give an http:// or https:// address, or unset it"],
  ])("%s is refused", (value, message) => {
    expect(() => shown({ HTTPS_PROXY: value }, API)).toThrow(message);
  });

  test("is shown without its password", () => {
    expect(readConfig({ HTTPS_PROXY: "http://me:hush@p:3128" }).proxyFor(new URL(API))?.shown).toBe("p:3128");
  });
});

describe("the model endpoint", () => {
  const model = (env: Record<string, string>) => readConfig(env).model();

  test.each([
    ["http://localhost:11434/v1", "http://localhost:11434/v1"],
    ["https://api.example/v1/", "https://api.example/v1"],
    ["https://api.example/v1/chat/completions", "https://api.example/v1"],
    ["http://gpu.lan:8000", "http://gpu.lan:8000"],
  ])("%s is %s", (given, url) => {
    expect(model({ SEREN_BRIDGE_MODEL_URL: given })).toEqual({ url, name: undefined, key: undefined });
  });

  test.each([
    ["localhost:11434", /lacks its scheme: http:\/\/localhost:11434;/],
    ["ftp://h", /is neither http nor https/],
    ["nonsense", /is not a URL/],
    ["https://u:p@h/v1", /has more than an origin and a path/],
    ["https://h/v1?key=1", /has a query other than \?api-version=/],
    ["http://gpu.lan/v1", /would send SEREN_BRIDGE_MODEL_KEY unencrypted/],
  ])("%s is refused", (given, why) => {
    expect(() => model({ SEREN_BRIDGE_MODEL_URL: given, SEREN_BRIDGE_MODEL_KEY: "k" })).toThrow(why);
  });

  test("is none unless it is set, and its key is among the secrets", () => {
    expect(model({ SEREN_BRIDGE_MODEL: "m", SEREN_BRIDGE_MODEL_KEY: "k" })).toBeUndefined();
    expect(readConfig({ SEREN_API_KEY: "a", SEREN_BRIDGE_MODEL_KEY: "k" }).secrets).toEqual(["a", "k"]);
  });
});

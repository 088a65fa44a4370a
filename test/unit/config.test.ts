import { homedir, userInfo } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test, vi } from "vitest";
import { readConfig } from "../../src/config.ts";

vi.mock("node:os", { spy: true });

const HOME = "/home/someone";
const onPlatform = (platform: NodeJS.Platform) => {
  vi.spyOn(process, "platform", "get").mockReturnValue(platform);
};
const baseOf = (base: string | undefined, more: Record<string, string> = {}) =>
  readConfig({ SEREN_API_BASE: base, ...more }).apiBase();

afterEach(() => {
  vi.restoreAllMocks();
});

describe("the base of every call", () => {
  test.each([
    [undefined, "https://api.serendb.com/publishers/seren-cloud"],
    ["", "https://api.serendb.com/publishers/seren-cloud"],
    ["   ", "https://api.serendb.com/publishers/seren-cloud"],
    ["https://api.serendb.com", "https://api.serendb.com/publishers/seren-cloud"],
    ["  https://api.serendb.com//  ", "https://api.serendb.com/publishers/seren-cloud"],
    ["https://API.Example.com:443", "https://api.example.com/publishers/seren-cloud"],
    ["https://proxy.example:8443/seren/", "https://proxy.example:8443/seren/publishers/seren-cloud"],
    ["https://h/publishers/seren-cloud", "https://h/publishers/seren-cloud"],
    ["https://h/a/publishers/seren-cloud/", "https://h/a/publishers/seren-cloud"],
    ["https://h/xpublishers/seren-cloud", "https://h/xpublishers/seren-cloud/publishers/seren-cloud"],
    ["https://h/a/../b", "https://h/b/publishers/seren-cloud"],
    ["http://localhost:8080", "http://localhost:8080/publishers/seren-cloud"],
    ["http://127.0.0.1:1", "http://127.0.0.1:1/publishers/seren-cloud"],
    ["http://127.9.9.9", "http://127.9.9.9/publishers/seren-cloud"],
    ["http://2130706433", "http://127.0.0.1/publishers/seren-cloud"],
    ["http://[::1]:80", "http://[::1]/publishers/seren-cloud"],
  ])("%j is %s", (given, expected) => {
    expect(baseOf(given)).toBe(expected);
  });

  const UNENCRYPTED = /would send the API key unencrypted/;
  const NO_URL = /is not a URL/;
  const MORE = /has more than an origin and a path/;
  test.each([
    ["api.serendb.com", NO_URL],
    ["//api.serendb.com", NO_URL],
    ["https://", NO_URL],
    ["https://exa mple.com", NO_URL],
    ["LOCAL", NO_URL],
    ["localhost:8080", /lacks its scheme: http:\/\/localhost:8080;/],
    ["api.example:443/x", /lacks its scheme: https:\/\/api\.example:443\/x;/],
    ["http://api.serendb.com", UNENCRYPTED],
    ["http://localhost.evil.com", UNENCRYPTED],
    ["http://127.0.0.1.evil.com", UNENCRYPTED],
    ["http://evil.com/127.0.0.1", UNENCRYPTED],
    ["http://localhost@evil.com", UNENCRYPTED],
    ["http://0.0.0.0", UNENCRYPTED],
    ["http://192.168.1.1", UNENCRYPTED],
    ["http://[::2]", UNENCRYPTED],
    ["ftp://h", UNENCRYPTED],
    ["file:///etc/passwd", UNENCRYPTED],
    ["javascript:alert(1)", UNENCRYPTED],
    ["ws://127.0.0.1", UNENCRYPTED],
    ["https://user@h", MORE],
    ["https://user:password@h", MORE],
    ["https://:password@h", MORE],
    ["https://h/?key=1", MORE],
    ["https://h/#part", MORE],
  ])("%j is refused", (given, why) => {
    const attempt = () => baseOf(given);
    expect(attempt).toThrow(expect.objectContaining({ kind: "invalid_input" }));
    expect(attempt).toThrow(why);
    expect(attempt).toThrow(/^SEREN_API_BASE .*; give an https URL, or "local"/);
  });

  test("a refusal does not repeat the password of the URL", () => {
    expect(() => baseOf("https://user:hunter2@h")).not.toThrow(/hunter2/);
  });

  test("reading a bad base does not fail, asking for it does", () => {
    const config = readConfig({ SEREN_API_BASE: "nonsense" });
    expect(config.local).toBe(false);
    expect(config.apiBase).toThrow();
  });

  test.each([["local"], [" local "]])("%j means the service inside this process", (base) => {
    expect(readConfig({ SEREN_API_BASE: base }).local).toBe(true);
  });
});

describe("settings", () => {
  test("blank means unset, and blanks around a value do not count", () => {
    const config = readConfig({ SEREN_API_KEY: " \n", SEREN_BRIDGE_DEPLOYMENT: "", SEREN_BRIDGE_STATE_DIR: " /s " });
    expect(config.apiKey).toBeUndefined();
    expect(config.deployment).toBeUndefined();
    expect(config.stateDir).toBe("/s");
    expect(readConfig({ SEREN_API_KEY: " seren_x\n" }).apiKey).toBe("seren_x");
  });

  test.each([
    [undefined, "warn"],
    ["debug", "debug"],
    ["error", "error"],
    ["DEBUG", "warn"],
    ["toString", "warn"],
  ])("log level %j is %s", (given, expected) => {
    expect(readConfig({ SEREN_BRIDGE_LOG: given }).logLevel).toBe(expected);
  });

  test("are frozen", () => {
    expect(Object.isFrozen(readConfig({}))).toBe(true);
  });

  test("come from the process where nothing else is given", () => {
    vi.stubEnv("SEREN_BRIDGE_DEPLOYMENT", "from-the-process");
    expect(readConfig().deployment).toBe("from-the-process");
    vi.unstubAllEnvs();
  });

  test("a variable is given as it is, and only when it is one", () => {
    const { variable } = readConfig({ TOKEN: " a b ", EMPTY: "" });
    expect(variable("TOKEN")).toBe(" a b ");
    expect(variable("EMPTY")).toBeUndefined();
    for (const name of ["toString", "constructor", "__proto__", "hasOwnProperty"]) {
      expect(variable(name), name).toBeUndefined();
      expect(readConfig(process.env).variable(name), name).toBeUndefined();
    }
  });
});

describe("folders", () => {
  test.each<[NodeJS.Platform, Record<string, string>, string, string]>([
    ["linux", {}, `${HOME}/.config/seren-bridge/credentials.json`, `${HOME}/.local/state/seren-bridge`],
    ["linux", { XDG_CONFIG_HOME: "/c", XDG_STATE_HOME: "/s" }, "/c/seren-bridge/credentials.json", "/s/seren-bridge"],
    ["darwin", {}, `${HOME}/.config/seren-bridge/credentials.json`, `${HOME}/Library/Application Support/seren-bridge`],
    [
      "win32",
      {},
      join(HOME, "AppData", "Roaming", "seren-bridge", "credentials.json"),
      join(HOME, "AppData", "Local", "seren-bridge"),
    ],
    ["win32", { APPDATA: "/r", LOCALAPPDATA: "/l" }, "/r/seren-bridge/credentials.json", "/l/seren-bridge"],
    ["linux", { SEREN_BRIDGE_STATE_DIR: "/own" }, `${HOME}/.config/seren-bridge/credentials.json`, "/own"],
  ])("on %s with %j", (platform, environment, credentialsFile, stateDir) => {
    vi.mocked(homedir).mockReturnValue(HOME);
    onPlatform(platform);
    expect(readConfig(environment)).toMatchObject({ credentialsFile, stateDir });
  });

  test.each<[string, Record<string, string>]>([
    ["empty", { XDG_CONFIG_HOME: "", XDG_STATE_HOME: " " }],
    ["relative", { XDG_CONFIG_HOME: "config", XDG_STATE_HOME: "./state" }],
  ])("XDG variables that are %s count as unset", (_, environment) => {
    vi.mocked(homedir).mockReturnValue(HOME);
    onPlatform("linux");
    expect(readConfig(environment)).toMatchObject({
      credentialsFile: `${HOME}/.config/seren-bridge/credentials.json`,
      stateDir: `${HOME}/.local/state/seren-bridge`,
    });
  });

  test.each(["", "home", "~", "./"])("with HOME=%j the home of the user database is taken", (home) => {
    vi.mocked(homedir).mockReturnValue(home);
    onPlatform("linux");
    expect(readConfig({}).stateDir).toBe(join(userInfo().homedir, ".local", "state", "seren-bridge"));
  });

  test.each(["~/state", "~", "state", "./state", "../state"])("SEREN_BRIDGE_STATE_DIR=%s is refused", (value) => {
    const config = readConfig({ SEREN_BRIDGE_STATE_DIR: value });
    expect(() => config.stateDir).toThrow(/^SEREN_BRIDGE_STATE_DIR .*; give the path from the root, or unset it$/);
  });

  test.each(["~/.config", "~", "~alice/x"])(
    "XDG variables that are %s were meant to be whole paths: refused",
    (value) => {
      vi.mocked(homedir).mockReturnValue(HOME);
      onPlatform("linux");
      const config = readConfig({ XDG_CONFIG_HOME: value, XDG_STATE_HOME: value });
      const only = 'begins with "~", which only a shell replaces; give the path from the root, or unset it';
      expect(() => config.credentialsFile).toThrow(`XDG_CONFIG_HOME ${only}`);
      expect(() => config.stateDir).toThrow(`XDG_STATE_HOME ${only}`);
      expect(readConfig({ XDG_STATE_HOME: value, SEREN_BRIDGE_STATE_DIR: "/own" }).stateDir).toBe("/own");
    },
  );

  test("an account without a home does not keep us from starting", () => {
    vi.mocked(homedir).mockImplementation(() => {
      throw new Error("uv_os_homedir returned ENOENT");
    });
    vi.mocked(userInfo).mockImplementationOnce(() => {
      throw new Error("uv_os_get_passwd returned ENOENT");
    });
    onPlatform("linux");
    const config = readConfig({});
    expect(() => config.stateDir).toThrow(/this account has no home folder; set HOME/);
  });
});

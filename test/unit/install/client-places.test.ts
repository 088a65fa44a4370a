/** The file of each client and editor on each system (`docs/reference/mcp-server.md`, section 7; `docs/reference/acp-agent.md`, section 7). */
import { expect, test } from "vitest";
import { EDITORS } from "../../../src/adapters/acp/install/editors.ts";
import { CLIENTS } from "../../../src/adapters/mcp/install/clients.ts";

const LINUX: Record<string, string> = {
  "claude-code": "/home/a/.claude.json",
  codex: "/home/a/.codex/config.toml",
  cursor: "/home/a/.cursor/mcp.json",
  vscode: "/home/a/.config/Code/User/mcp.json",
  gemini: "/home/a/.gemini/settings.json",
  goose: "/home/a/.config/goose/config.yaml",
  opencode: "/home/a/.config/opencode/opencode.json",
  zed: "/home/a/.config/zed/settings.json",
  "zed-agent": "/home/a/.config/zed/settings.json",
  jetbrains: "/home/a/.jetbrains/acp.json",
};
const ELSEWHERE = {
  vscode: "/x/Code/User/mcp.json",
  goose: "/x/goose/config.yaml",
  opencode: "/x/opencode/opencode.json",
  zed: "/x/zed/settings.json",
  "zed-agent": "/x/zed/settings.json",
};
const MAC = { vscode: "/home/a/Library/Application Support/Code/User/mcp.json" };
const WINDOWS = {
  "claude-code": "C:\\Users\\a\\.claude.json",
  codex: "C:\\Users\\a\\.codex\\config.toml",
  cursor: "C:\\Users\\a\\.cursor\\mcp.json",
  vscode: "D:\\roaming\\Code\\User\\mcp.json",
  gemini: "C:\\Users\\a\\.gemini\\settings.json",
  goose: "D:\\roaming\\Block\\goose\\config\\config.yaml",
  opencode: "C:\\Users\\a\\.config\\opencode\\opencode.json",
  zed: "D:\\roaming\\Zed\\settings.json",
  "zed-agent": "D:\\roaming\\Zed\\settings.json",
  jetbrains: "C:\\Users\\a\\.jetbrains\\acp.json",
};

const SYSTEMS: [string, NodeJS.Platform, string, Record<string, string>, Record<string, string>][] = [
  ["Linux", "linux", "/home/a", {}, LINUX],
  ["Linux with XDG_CONFIG_HOME", "linux", "/home/a", { XDG_CONFIG_HOME: "/x" }, { ...LINUX, ...ELSEWHERE }],
  ["macOS", "darwin", "/home/a", {}, { ...LINUX, ...MAC }],
  ["Windows", "win32", "C:\\Users\\a", { APPDATA: "D:\\roaming" }, WINDOWS],
  [
    "Windows without APPDATA, and with CODEX_HOME",
    "win32",
    "C:\\Users\\a",
    { CODEX_HOME: "E:\\codex" },
    {
      ...WINDOWS,
      codex: "E:\\codex\\config.toml",
      ...Object.fromEntries(
        Object.entries(WINDOWS)
          .filter(([, path]) => path.startsWith("D:"))
          .map(([id, path]) => [id, path.replace("D:\\roaming", "C:\\Users\\a\\AppData\\Roaming")]),
      ),
    },
  ],
];

test.each(SYSTEMS)("on %s", (_, platform, home, variables, expected) => {
  const place = { platform, home, variable: (name: string) => variables[name] };
  const files = [...CLIENTS, ...EDITORS].map(({ id, file }) => [id, file(place)]);
  expect(Object.fromEntries(files)).toEqual(expected);
});

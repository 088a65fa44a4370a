/** Editors that keep their agents in a file of JSON. `docs/reference/acp-agent.md`, section 7. */
import { type Client, type Command, inHome, zedSettings } from "../../../install/index.ts";

const PATH = ["agent_servers", "Seren Cloud"] as const;

const plain = ({ command, args, env }: Command) => ({ command, args, env });

export const EDITORS: readonly Client[] = [
  {
    id: "zed-agent",
    name: "Zed",
    program: "zed",
    format: "json",
    file: zedSettings,
    path: PATH,
    entry: (command) => ({ type: "custom", ...plain(command) }),
    wantsPath: true,
  },
  {
    id: "jetbrains",
    name: "JetBrains IDEs",
    program: "idea",
    format: "json",
    file: inHome(".jetbrains", "acp.json"),
    path: PATH,
    entry: plain,
    wantsPath: true,
  },
];

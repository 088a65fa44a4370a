/** Registering the agent in editors that keep their agents in a file of JSON. For the others, `docs/acp.md` has the lines. */
import { join } from "node:path";
import { type Client, type Command, clientInstaller, type HostInstaller } from "../../../install/index.ts";

const PATH = ["agent_servers", "Seren Cloud"] as const;

const plain = ({ command, args, env }: Command) => ({ command, args, env });

/** `docs/reference/acp-agent.md`, section 7. */
const EDITORS: readonly Client[] = [
  {
    id: "zed-agent",
    name: "Zed",
    program: "zed",
    format: "json",
    file: ({ paths }) => join(paths.home, ".config", "zed", "settings.json"),
    path: PATH,
    entry: (command) => ({ type: "custom", ...plain(command) }),
    wantsPath: true,
  },
  {
    id: "jetbrains",
    name: "JetBrains IDEs",
    program: "idea",
    format: "json",
    file: ({ paths }) => join(paths.home, ".jetbrains", "acp.json"),
    path: PATH,
    entry: plain,
    wantsPath: true,
  },
];

export const acpInstallers: readonly HostInstaller[] = EDITORS.map((editor) =>
  clientInstaller(editor, { mode: "acp", title: "ACP agent" }),
);

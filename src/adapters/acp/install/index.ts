/** Registering the agent in editors. For those without a file of JSON, `docs/acp.md` has the lines. */
import { clientInstaller, type HostInstaller } from "../../../install/index.ts";
import { EDITORS } from "./editors.ts";

export const acpInstallers: readonly HostInstaller[] = EDITORS.map((editor) =>
  clientInstaller(editor, { mode: "acp", title: "ACP agent" }),
);

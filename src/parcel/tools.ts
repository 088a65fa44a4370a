/** The local tools of a parcel, as the host lists them: `local` and `a2a`, in the order of the manifest. */
import type { LocalToolSpec } from "#protocols/dispatch-courier";
import type { Parcel } from "./load.ts";

export function listLocalTools({ manifest }: Parcel): LocalToolSpec[] {
  return manifest.tools.flatMap((tool): LocalToolSpec[] => {
    if (tool.kind !== "local" && tool.kind !== "a2a") return [];
    const common = {
      alias: tool.alias,
      approval: tool.approval ?? null,
      risk: tool.risk ?? null,
      description: tool.description ?? null,
      input_schema_packaged_path: tool.input_schema?.packaged_path ?? null,
      input_schema_sha256: tool.input_schema?.sha256 ?? null,
    };
    if (tool.kind === "local") {
      return [
        {
          transport: "local",
          ...common,
          skill_source: tool.skill_source ?? null,
          packaged_path: tool.packaged_path,
          command: tool.runner.command,
          args: tool.runner.args,
        },
      ];
    }
    return [
      {
        transport: "a2a",
        ...common,
        skill_source: null,
        endpoint_url: tool.url,
        endpoint_mode: tool.endpoint_mode ?? null,
        auth: tool.auth ?? null,
        expected_agent_name: tool.expected_agent_name ?? null,
        expected_card_sha256: tool.expected_card_sha256 ?? null,
      },
    ];
  });
}

/** Finds a tool by its alias or, for a local one, by its packaged path. */
export function findLocalTool(tools: readonly LocalToolSpec[], name: string): LocalToolSpec | undefined {
  return tools.find((tool) => tool.alias === name || (tool.transport === "local" && tool.packaged_path === name));
}

/** Which artifacts of a run are told of twice. Apart from the rest, which only the engine loads. */
import type { Artifact } from "../events.ts";

/**
 * An event may tell of an artifact that the listing has under another id, with its content (`docs/reference/seren-cloud-api.md`,
 * section 3.5). So one without content is left out for each one of its kind that has some.
 */
export function withContent(artifacts: readonly Artifact[]): Artifact[] {
  const isEmpty = ({ uri, payload }: Artifact) => uri === undefined && payload === undefined;
  const spare = new Map<string, number>();
  for (const one of artifacts) if (!isEmpty(one)) spare.set(one.kind, (spare.get(one.kind) ?? 0) + 1);
  return artifacts.filter((one) => {
    const left = spare.get(one.kind) ?? 0;
    if (!isEmpty(one) || left === 0) return true;
    spare.set(one.kind, left - 1);
    return false;
  });
}

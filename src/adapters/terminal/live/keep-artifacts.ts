/** `--save-artifacts`: the files that an ended run has left, in a folder of this machine. */
import { type Outcome, withContent } from "../../../core/index.ts";
import { Stopped } from "../../../support/abort.ts";
import { printError } from "../screen/screen.ts";
import { oneLine } from "../screen/text.ts";
import type { Context } from "../services.ts";

/** Says where each one is, or why it was not saved. Returns whether all were. An interrupt ends the saving. */
export async function keepArtifacts({ screen, services }: Context, outcome: Outcome, folder: string): Promise<boolean> {
  const artifacts = withContent(outcome.artifacts);
  if (artifacts.length === 0) return true;
  const stop = new AbortController();
  const release = services.onInterrupt(() => stop.abort(new Stopped("person")));
  try {
    const { saveArtifacts } = await services.remote();
    const saved = await saveArtifacts({ ...outcome, artifacts }, folder, stop.signal);
    for (const one of saved) {
      const { title, kind } = one.artifact;
      const name = oneLine(title ?? kind);
      printError(
        screen,
        "path" in one ? `${name}: saved as ${one.path}` : `${name}: not saved: ${oneLine(one.problem)}`,
      );
    }
    return saved.every((one) => "path" in one);
  } finally {
    release();
  }
}

/** Writing a file that belongs to the person: whole or not at all, and errors say which file, why, and what to do. */
import { dirname } from "node:path";
import { writeFileAtomic } from "../../state/index.ts";
import type { Ambient } from "../../support/ambient.ts";
import { makeFolder } from "../../support/make-folder.ts";
import { resolveLinks } from "../../support/resolve-links.ts";
import { Responsive } from "../../support/responsive.ts";
import { pathFailure } from "../../support/system-error.ts";

/** What a link leads to is replaced; the link stays. Only the owner may read it, unless `mode` says otherwise. */
export async function replaceFile(path: string, text: string, ambient: Ambient, mode = 0o600): Promise<void> {
  const target = await resolveLinks(path);
  await new Responsive(target, ambient).ask(async () => {
    await makeFolder(dirname(target));
    await writeFileAtomic(target, text, { token: ambient.uuid(), mode }).catch((error: unknown) => {
      throw pathFailure(target, "written", error);
    });
  });
}

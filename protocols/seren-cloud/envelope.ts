/**
 * The envelope of every JSON success, and how a status of the service is read.
 * Error bodies have no published schema; `src/seren/problem.ts` reads them tolerantly.
 */
import * as z from "zod";

const PageSchema = z.looseObject({
  total: z.number(),
  count: z.number(),
  limit: z.number(),
  offset: z.number(),
  has_more: z.boolean(),
});

/** Page figures this version cannot read count as none: the data is what was asked for. */
export const EnvelopeSchema = z.looseObject({ data: z.unknown(), pagination: PageSchema.nullish().catch(null) });

/** Path prefix of every operation (`servers[0].url` of the published document). */
export const PUBLISHER_PREFIX = "/publishers/seren-cloud";

/** Largest page the service gives (run events 100/500, runs 50/100: `docs/reference/seren-cloud-api.md`, section 1.2). */
export const MAX_PAGE = { runs: 100, events: 500, approvals: 100, artifacts: 200, inbox: 100 } as const;

/** Words by which a 400 on run creation says "not yet" (the one 400 that may be repeated). Compared in lower case. */
export const STARTING_MARKER = "deployment is still starting";

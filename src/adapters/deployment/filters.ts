/** Filters of `list`: an object of `name` (a deployment's, or a label of `dispatch up`), `mode` and `status`, all optional. */
import { isOfFamily, type Upserted } from "../../core/index.ts";
import { isObject } from "../../support/objects.ts";
import { stemOf } from "./names.ts";
import { refusal } from "./wire-error.ts";

type Deployment = Upserted["deployment"];
const NAMES = ["name", "mode", "status"];

/** Returns a test for the deployments that are asked for. Throws `invalid_filters` for what is not known. */
export function filterOf(filters: unknown): (deployment: Deployment) => boolean {
  if (filters === null || filters === undefined) return () => true;
  if (!isObject(filters)) throw invalid("the filters must be an object");
  const unknown = Object.keys(filters).filter((name) => !NAMES.includes(name));
  if (unknown.length > 0) throw invalid(`not known: ${unknown.join(", ")}`);
  const { name, mode, status } = filters;
  for (const value of [name, mode, status]) {
    if (value !== undefined && typeof value !== "string") throw invalid("each filter must be a text");
  }
  const isOfLabel = typeof name === "string" ? isOfFamily(stemOf(name)) : () => true;
  return (one) =>
    (name === undefined || one.name === name || isOfLabel(one)) &&
    (mode === undefined || one.mode === mode) &&
    (status === undefined || one.status === status);
}

function invalid(why: string) {
  return refusal("invalid_filters", `${why}; there are the filters name, mode and status`);
}

/** The models of a parcel, as the service names them. */
import type { ParcelModel } from "#protocols/dispatch-courier";
import type { Parcel } from "./load.ts";

export interface ModelFields {
  model_id?: string;
  model_config?: Record<string, string>;
  fallback_models?: string[];
}

/** Returns the members that the parcel states; the service has defaults for the others. */
export function modelFields({ manifest }: Parcel): ModelFields {
  const { primary, fallbacks } = manifest.models;
  const options = Object.entries(primary?.options ?? {});
  return {
    ...(primary ? { model_id: modelId(primary) } : {}),
    ...(options.length > 0 ? { model_config: Object.fromEntries(options) } : {}),
    ...(fallbacks.length > 0 ? { fallback_models: fallbacks.map(modelId) } : {}),
  };
}

/** Returns `provider/model`, or the id alone when it has that form already. */
function modelId({ id, provider }: ParcelModel): string {
  return provider && !id.includes("/") ? `${provider}/${id}` : id;
}

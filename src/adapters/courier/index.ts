/** The Dispatch courier. */
export { type Courier, type CourierOptions, createCourier } from "./plugin.ts";

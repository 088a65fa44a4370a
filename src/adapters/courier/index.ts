/** The Dispatch courier. */

export { courierHandshake } from "./handshake.ts";
export { type CourierOptions, createCourier } from "./plugin.ts";

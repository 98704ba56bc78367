// Parts that react to changes of the store and write their consequences.
export { keepDefaults, type DefaultsOptions, type RootPair } from "./defaults.ts";

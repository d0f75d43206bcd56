export const bundleFolder: string;
export const manifestFile: string;
/** True when every source has the size and the time of change that it had when the bundle was made. */
export function isBundleFresh(): boolean;

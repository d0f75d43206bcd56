// Made by `npm run kernels` from codec/wasm/assembly/deflate.ts.
export const deflateWasm: string =
  'AGFzbQEAAAABBAFgAAACDwEDZW52Bm1lbW9yeQIAAQMCAQAHFAIHbm90aGluZwAABm1lbW9yeQIACgQBAgAL';

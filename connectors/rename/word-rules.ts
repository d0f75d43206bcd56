/** Names made of words: where words begin, and names that BigQuery takes. */

/** `userName`, `User Name`, `HTTPServer-2` as `user_name`, `user_name`, `http_server_2`. */
export function snakeCase(name: string): string {
  const spaced = name
    .replace(/([\p{Ll}\p{Nd}])(\p{Lu})/gu, '$1_$2')
    .replace(/(\p{Lu})(\p{Lu}\p{Ll})/gu, '$1_$2')
    .replace(/[^\p{L}\p{M}\p{N}]+/gu, '_')
    .replace(/^_+|_+$/g, '');
  return spaced === '' ? name : spaced.toLowerCase();
}

/** Letters, digits and underscores of ASCII; whatever else, Japanese letters too, is an underscore; no digit in front. */
export function bigQueryName(name: string): string {
  const safe = name.replace(/[^A-Za-z0-9_]/gu, '_');
  return /^[0-9]/.test(safe) ? `_${safe}` : safe;
}

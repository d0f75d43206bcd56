/** What a change names: a field that it leaves out stays as it is. */
export function definedOnly<T extends object>(body: T): { [Key in keyof T]?: Exclude<T[Key], undefined> } {
  // An entry that is undefined is left out, so that no other is.
  return Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined)) as {
    [Key in keyof T]?: Exclude<T[Key], undefined>;
  };
}

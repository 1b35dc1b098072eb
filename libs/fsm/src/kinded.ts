/** A member of a discriminated union: what every state and every event is. */
export interface Kinded {
  readonly kind: string;
}

/** The names of a union's members. */
export type KindOf<U extends Kinded> = U["kind"];

/** The members of a union that have one of the given names. Where names are plain strings, any member may be meant. */
export type Of<U extends Kinded, K extends string> = string extends U["kind"] ? U : Extract<U, { readonly kind: K }>;

/** The names that may still be taken. */
export type Free<All extends string, Taken extends string> = string extends All ? All : Exclude<All, Taken>;

/** The names that are still to be taken: none can be told where names are plain strings. */
export type Missing<All extends string, Taken extends string> = string extends All ? never : Exclude<All, Taken>;

/** The names of those members that carry no required data, so that the name alone makes the value. */
export type BareKindOf<U extends Kinded> = U extends Kinded
  ? { readonly kind: U["kind"] } extends U
    ? U["kind"]
    : never
  : never;

/** True for a single literal, false for a union of several. */
type IsOne<K, All = K> = [K] extends [never] ? false : K extends unknown ? ([All] extends [K] ? true : false) : never;

/** True if naming the target says all there is to say: one kind, and no data to fill in. */
export type NameSuffices<U extends Kinded, K extends string> =
  IsOne<K> extends true ? ([K] extends [BareKindOf<U>] ? true : false) : false;

/** The fields of a state that hold a number. */
export type NumericField<U> = U extends unknown
  ? { [F in keyof U]-?: U[F] extends number ? F : never }[keyof U] & string
  : never;

/** A value of type `T` that must not be mistaken for another of the same shape. It costs nothing at run time. */
export type Brand<T, Name extends string> = T & { readonly [brand]: Name };

declare const brand: unique symbol;

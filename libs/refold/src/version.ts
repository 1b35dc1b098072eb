/** The version of Refold, as its packages carry it. A test holds the two together. */
export const VERSION = "0.1.0";

/** How a configuration file may look: read by the reader and turned into JSON Schema, so that both agree. */
export type Shape = BooleanShape | ChoiceShape | TextShape | ListShape | MapShape | RecordShape;

interface Described {
  /** For the schema: what editors show. */
  readonly about?: string;
}

interface BooleanShape extends Described {
  readonly kind: 'boolean';
}

export interface ChoiceShape extends Described {
  readonly kind: 'choice';
  readonly values: readonly string[];
}

export interface TextShape extends Described {
  readonly kind: 'text';
  /** What belongs here, in a few words. */
  readonly expected: string;
  /** For the schema. */
  readonly pattern?: string;
  /** What is wrong with a text, in words that end with what was expected. */
  readonly check?: (text: string) => string | undefined;
}

interface ListShape extends Described {
  readonly kind: 'list';
  readonly of: TextShape;
  /** One text may stand for a list of one. */
  readonly orOne?: boolean;
}

interface MapShape extends Described {
  readonly kind: 'map';
  readonly of: TextShape | ChoiceShape;
  readonly expected: string;
  readonly checkKey?: (key: string) => string | undefined;
}

interface RecordShape extends Described {
  readonly kind: 'record';
  readonly keys: Table;
}

export interface Table {
  readonly [key: string]: Shape;
}

export type ShapeValue<S extends Shape> = S extends { kind: 'boolean' }
  ? boolean
  : S extends { kind: 'choice'; values: readonly (infer V)[] }
    ? V
    : S extends { kind: 'text' }
      ? string
      : S extends { kind: 'list' }
        ? readonly string[]
        : S extends { kind: 'map'; of: { kind: 'choice'; values: readonly (infer V)[] } }
          ? Readonly<Record<string, V>>
          : S extends { kind: 'map' }
            ? Readonly<Record<string, string>>
            : S extends { kind: 'record'; keys: infer T extends Table }
              ? { readonly [K in keyof T]?: ShapeValue<T[K]> }
              : never;

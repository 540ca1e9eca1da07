/** `schema/porthole-lint.schema.json` (`npm run docs`), made from the same description that the reader follows. */
import { portholeTable } from './porthole-config.ts';
import type { Shape } from './shape.ts';

export function configSchema(): object {
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    $id: 'https://unpkg.com/porthole/schema/porthole-lint.schema.json',
    title: 'Configuration of porthole lint (.porthole-lint.yaml)',
    type: ['object', 'null'],
    additionalProperties: false,
    properties: Object.fromEntries(
      Object.entries(portholeTable([])).map(([key, shape]) => [key, schemaOf(shape)]),
    ),
  };
}

function schemaOf(shape: Shape): object {
  const about = shape.about === undefined ? {} : { description: shape.about };
  switch (shape.kind) {
    case 'boolean':
      return { ...about, type: 'boolean' };
    case 'choice':
      return { ...about, enum: shape.values };
    case 'text':
      return { ...about, ...textSchema(shape.pattern) };
    case 'list': {
      const list = { type: 'array', items: textSchema(shape.of.pattern) };
      return { ...about, ...(shape.orOne === true ? { anyOf: [textSchema(shape.of.pattern), list] } : list) };
    }
    case 'map':
      return { ...about, type: 'object', additionalProperties: schemaOf(shape.of) };
    case 'record':
      return {
        ...about,
        type: 'object',
        additionalProperties: false,
        properties: Object.fromEntries(
          Object.entries(shape.keys).map(([key, inner]) => [key, schemaOf(inner)]),
        ),
      };
  }
}

/** YAML writes texts without quotes, so numbers and booleans are texts too. */
function textSchema(pattern: string | undefined): object {
  return pattern === undefined ? { type: ['string', 'number', 'boolean'] } : { type: 'string', pattern };
}

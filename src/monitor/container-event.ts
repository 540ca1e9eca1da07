import type { ContainerCard } from '../state/container-record.ts';
import type { EventInput } from '../state/event-log.ts';

/** Docker's container events carry all labels, the image and the name (engine-api.md 5.3). */
export function containerEvent(
  action: string,
  id: string,
  card: Pick<ContainerCard, 'labels' | 'image' | 'name'>,
  attributes: Readonly<Record<string, string>> = {},
): EventInput {
  return {
    type: 'container',
    action,
    id,
    attributes: { ...card.labels, ...attributes, image: card.image, name: card.name },
  };
}

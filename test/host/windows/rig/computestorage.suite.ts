import { layersContract } from '../../../contract/layers.ts';
import { openWindowsStore } from './layer-store.ts';

layersContract('windows, computestorage', async () => openWindowsStore({ driver: 'computestorage' }));

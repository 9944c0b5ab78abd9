import { jest } from "@jest/globals";

// Generous, because machines are slow and noisy: tests fail because of results, not of time.
jest.setTimeout(600_000);

import { jest } from "@jest/globals";

// Machines are slow and noisy: a test fails because of what it says, not because of a clock.
jest.setTimeout(300_000);

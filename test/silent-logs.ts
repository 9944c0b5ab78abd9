// The faults that tests bring about on purpose are not news: functions that a test calls itself log
// nothing. To see it all, set the level.
process.env.POWERTOOLS_LOG_LEVEL ??= "SILENT";

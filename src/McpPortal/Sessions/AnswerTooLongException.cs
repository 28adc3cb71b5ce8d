namespace McpPortal.Sessions;

/// <summary>An upstream sent more than the portal takes.</summary>
internal sealed class AnswerTooLongException(string server, int maxBytes)
    : IOException($"{server} sent more than {maxBytes / (1024 * 1024)} MB, so its answer was cut off. Ask for less at a time.");

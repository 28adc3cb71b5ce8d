namespace McpPortal.EmailServer;

/// <summary>Why a tool could not do what was asked, in a sentence for the person who asked. Never holds a credential.</summary>
internal sealed class EmailProblemException(string sentence) : Exception(sentence)
{
    public static EmailProblemException NotConfigured => new("E-mail is not configured for this user. Connect Gmail first, then try again.");

    public string Sentence => Message;
}

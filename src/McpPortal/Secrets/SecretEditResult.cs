using McpPortal.Data;

namespace McpPortal.Secrets;

/// <summary>How setting a secret ended.</summary>
internal abstract record SecretEditResult
{
    private SecretEditResult()
    {
    }

    internal sealed record Saved(SecretId Id, long Generation, bool Replaced) : SecretEditResult;

    /// <summary>The name or value cannot be used; the sentence says why and never repeats the value.</summary>
    internal sealed record Refused(string Sentence) : SecretEditResult;

    /// <summary>Somebody else changed it at the same moment, again and again.</summary>
    internal sealed record ChangedMeanwhile : SecretEditResult;
}

/// <summary>How agreeing to a destination ended.</summary>
internal abstract record ConfirmResult
{
    private ConfirmResult()
    {
    }

    /// <summary>So many secrets are in use again.</summary>
    internal sealed record Confirmed(int Count) : ConfirmResult;

    /// <summary>The server now points elsewhere than what was shown: show this and ask again.</summary>
    internal sealed record ChangedMeanwhile(string Now) : ConfirmResult;

    /// <summary>The server is gone or not the person's to use.</summary>
    internal sealed record NotFound : ConfirmResult;
}

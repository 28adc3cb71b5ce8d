using Microsoft.AspNetCore.Authentication;

namespace McpPortal.Accounts.Oidc;

/// <summary>Ends a sign-in with a sentence for the person; carries no token text.</summary>
/// <remarks>An exception because the framework's handler has no other way out of its inner steps.</remarks>
public sealed class SignInRefusedException : AuthenticationFailureException
{
    public SignInRefusedException()
        : this("The sign-in was refused.")
    {
    }

    public SignInRefusedException(string message)
        : base(message)
    {
    }

    public SignInRefusedException(string message, Exception innerException)
        : base(message, innerException)
    {
    }

    public int Status { get; init; } = StatusCodes.Status400BadRequest;
}

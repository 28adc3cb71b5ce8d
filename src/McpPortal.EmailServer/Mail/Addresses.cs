using System.Globalization;
using System.Net.Mail;
using System.Text;

namespace McpPortal.EmailServer.Mail;

/// <summary>Recipients as a person types them, and as they stand in a header (RFC 5322 §3.4).</summary>
internal static class Addresses
{
    private const int Most = 100;

    public static IReadOnlyList<string> Parse(string field, string text)
    {
        if (text.Any(char.IsControl))
        {
            throw new EmailProblemException($"'{field}' must not contain line breaks or other control characters.");
        }

        var addresses = new MailAddressCollection();
        try
        {
            addresses.Add(text);
        }
        catch (Exception e) when (e is FormatException or ArgumentException)
        {
            throw new EmailProblemException($"'{field}' is not a list of e-mail addresses, like ana@example.com, ben@example.com.");
        }

        return addresses.Count <= Most
            ? [.. addresses.Select(a => Format(field, a))]
            : throw new EmailProblemException($"'{field}' names more than {Most} addresses.");
    }

    private static string Format(string field, MailAddress address)
    {
        if (!Ascii.IsValid(address.User) || Host(address.Host) is not { } host)
        {
            throw new EmailProblemException($"'{field}' holds an address that cannot be written to: {address.Address}.");
        }

        var mailbox = $"{address.User}@{host}";
        return address.DisplayName.Length == 0 ? mailbox : $"{Phrase(address.DisplayName)}\r\n <{mailbox}>";
    }

    private static string Phrase(string name)
    {
        var encoded = EncodedWord.Encode(name);
        return encoded == name
            ? $"\"{name.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)}\""
            : encoded;
    }

    private static string? Host(string host)
    {
        try
        {
            return new IdnMapping().GetAscii(host);
        }
        catch (ArgumentException)
        {
            return null;
        }
    }
}

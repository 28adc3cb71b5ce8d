using System.Text;
using FsCheck;
using FsCheck.Fluent;
using McpPortal.EmailServer;
using McpPortal.EmailServer.Mail;

namespace McpPortal.Tests.EmailServer;

public sealed class MimePropertiesTests
{
    private static readonly Config Config = Config.QuickThrowOnFailure.WithMaxTest(2000);

    // Whole characters of every width, the syntax of encoded words, and spaces where they hurt.
    private static readonly Gen<string> Texts = Gen.Elements("a", "Z", " ", "  ", "=", "?", "=?", "?=", "_", "\"", "\\", "ü", "ß", "€", "日本", "🎉", "👩‍👩‍👧", "=?utf-8?Q?x?=", "=?utf-8?B?", "word ", ",", "<x@y>")
        .ListOf().Select(parts => string.Concat(parts));

    [Fact]
    public void Any_text_survives_a_header()
    {
        Prop.ForAll(Texts.ToArbitrary(), text =>
        {
            var encoded = EncodedWord.Encode(text);
            Assert.Equal(text, EncodedWord.Decode(encoded));
            Assert.True(Ascii.IsValid(encoded));
            Assert.All(encoded.Split("\r\n "), word => Assert.True(word.Length <= 75 && !word.Any(char.IsControl)));
        }).Check(Config);
    }

    [Fact]
    public void Decoding_never_fails_whatever_comes()
    {
        Prop.ForAll(ArbMap.Default.ArbFor<string?>(), text =>
        {
            EncodedWord.Decode(text ?? "");
            EncodedWord.Decode("=?utf-8?B?" + text + "?= =?x?Q?" + text + "?=");
            HtmlText.From("<" + text + "<!--" + text);
        }).Check(Config);
    }

    [Fact]
    public void Any_message_is_read_back_as_it_was_written_or_refused()
    {
        var messages = from subject in Texts
                       from body in Texts
                       from lines in Gen.Elements("\n", "\r\n", "\r\n.\r\n", "")
                       from name in Texts
                       select (subject, body: body + lines + body, name);
        Prop.ForAll(messages.ToArbitrary(), m =>
        {
            string raw;
            try
            {
                raw = OutgoingMessage.Write($"\"{m.name.Replace("\\", "", StringComparison.Ordinal).Replace("\"", "", StringComparison.Ordinal)}\" <a@example.com>", m.subject, m.body, null, null);
            }
            catch (EmailProblemException)
            {
                return;
            }

            var message = ReadMessage.From(raw);
            Assert.Equal(["To", "Subject", "MIME-Version", "Content-Type", "Content-Transfer-Encoding"], message.Headers.Select(h => h.Name));
            Assert.Equal(m.subject, EncodedWord.Decode(message.Headers[1].Value));
            Assert.Equal(m.body.ReplaceLineEndings("\r\n"), message.Body);
        }).Check(Config);
    }

    [Theory]
    [InlineData("=?ISO-8859-1?Q?a_b=FC?=", "a bü")]
    [InlineData("=?utf-8?B?w7w=?= =?utf-8?B?w7w=?=", "üü")]
    [InlineData("=?utf-8?B?w7w=?= x =?utf-8?B?w7w=?=", "ü x ü")]
    [InlineData("=?utf-8?B?w7w?=", "ü")]
    [InlineData("=?utf-8?B?4oI=?=\r\n =?utf-8?B?rA==?=", "€")]
    [InlineData("=?utf-8*de?Q?f=C3=BCr?=", "für")]
    [InlineData("=?utf-8?X?abc?=", "=?utf-8?X?abc?=")]
    [InlineData("=?utf-8?Q?=G1?=", "=?utf-8?Q?=G1?=")]
    [InlineData("=?utf-8?B?abc", "=?utf-8?B?abc")]
    [InlineData("plain", "plain")]
    public void Known_encoded_words_are_decoded(string header, string expected) => Assert.Equal(expected, EncodedWord.Decode(header));
}

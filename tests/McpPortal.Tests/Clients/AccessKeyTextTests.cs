using FsCheck;
using FsCheck.Fluent;
using McpPortal.Clients;

namespace McpPortal.Tests.Clients;

public sealed class AccessKeyTextTests
{
    private const string Alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

    [Fact]
    public void Every_key_made_is_read_back_and_none_is_made_twice()
    {
        var keys = Enumerable.Range(0, 1000).Select(_ => AccessKeyText.Generate()).ToList();

        Assert.All(keys, key =>
        {
            Assert.Matches("^mcpp_[0-9A-Za-z]{12}_[0-9A-Za-z]{49}$", key.Text);
            Assert.True(AccessKeyText.TryParse(key.Text, out var id));
            Assert.Equal(key.Id, id);
        });
        Assert.Equal(keys.Count, keys.Select(k => k.Text).Distinct().Count());
        Assert.Equal(keys.Count, keys.Select(k => k.Id).Distinct().Count());
    }

    [Fact]
    public void Any_one_changed_lost_added_or_swapped_character_is_refused()
    {
        var (_, text) = AccessKeyText.Generate();
        for (var i = 0; i < text.Length; i++)
        {
            foreach (var other in (Alphabet + "_- é\0ü🎉").Where(c => c != text[i]))
            {
                Assert.False(AccessKeyText.TryParse($"{text[..i]}{other}{text[(i + 1)..]}", out _), $"'{other}' at {i} was accepted.");
                Assert.False(AccessKeyText.TryParse(text.Insert(i, other.ToString()), out _));
            }

            Assert.False(AccessKeyText.TryParse(text.Remove(i, 1), out _));
            if (i + 1 < text.Length && text[i] != text[i + 1])
            {
                Assert.False(AccessKeyText.TryParse($"{text[..i]}{text[i + 1]}{text[i]}{text[(i + 2)..]}", out _));
            }
        }

        Assert.False(AccessKeyText.TryParse(text.ToUpperInvariant(), out _));
        Assert.False(AccessKeyText.TryParse(text + "\n", out _));
    }

    [Fact]
    public void Anything_else_is_refused_without_an_error()
    {
        Prop.ForAll(ArbMap.Default.ArbFor<string?>(), text =>
        {
            Assert.False(AccessKeyText.TryParse(text ?? "", out _));
            Assert.False(AccessKeyText.TryParse($"mcpp_{text}".PadRight(67, 'a')[..67], out _));
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(2000));
    }
}

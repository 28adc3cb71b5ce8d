#pragma warning disable CA1416 // Key files with modes are tested where there are modes.
using System.Diagnostics;
using System.Security.Cryptography;
using McpPortal.Tests.Rig;
using McpPortal.Vault;

namespace McpPortal.Tests.Attacks.Keys;

public sealed class RootKeyTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("portal-root-");

    private static CancellationToken Stop => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Delete(recursive: true);

    public static TheoryData<string> Unusable() =>
    [
        "", " ", "\n", "not base64 !", "AAAA",
        Convert.ToBase64String(new byte[32]),
        Convert.ToBase64String(Enumerable.Repeat((byte)0xff, 32).ToArray()),
        Convert.ToBase64String(Enumerable.Range(0, 32).Select(i => (byte)i).ToArray()),
        Convert.ToBase64String(Enumerable.Range(0, 32).Select(i => (byte)(i % 4)).ToArray()),
        Convert.ToBase64String("this-is-a-password-of-32-letters"u8),
        Convert.ToBase64String(RandomNumberGenerator.GetBytes(31)),
        Convert.ToBase64String(RandomNumberGenerator.GetBytes(33)),
        Convert.ToBase64String(RandomNumberGenerator.GetBytes(64)),
        Convert.ToHexString(RandomNumberGenerator.GetBytes(32)),
        new string('A', 100_000),
    ];

    [Theory]
    [MemberData(nameof(Unusable))]
    public async Task KEY_6_A_key_that_is_none_or_that_anybody_could_guess_is_refused(string text)
    {
        var path = Write(text, UnixFileMode.UserRead);
        var error = await Assert.ThrowsAsync<RootKeyException>(() => new FileRootKey(path).ReadAsync(Stop));

        Assert.Contains(path, error.Message, StringComparison.Ordinal);
        Assert.False(text.Trim().Length > 8 && error.Message.Contains(text.Trim(), StringComparison.Ordinal));
        await Assert.ThrowsAsync<RootKeyException>(() => new CommandRootKey(["cat", path], TimeSpan.FromSeconds(20)).ReadAsync(Stop));
    }

    [Theory]
    [InlineData("0400", true)]
    [InlineData("0440", true)]
    [InlineData("0600", false)]
    [InlineData("0644", false)]
    [InlineData("0404", false)]
    [InlineData("0444", false)]
    [InlineData("0460", false)]
    public async Task KEY_1_A_file_that_others_may_read_or_anybody_may_change_is_refused(string mode, bool good)
    {
        var path = Write(RootKey.Generate().Export(), (UnixFileMode)Convert.ToInt32(mode, 8));
        if (good)
        {
            (await new FileRootKey(path).ReadAsync(Stop)).Dispose();
            return;
        }

        var error = await Assert.ThrowsAsync<RootKeyException>(() => new FileRootKey(path).ReadAsync(Stop));
        Assert.Contains("chmod 0400", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task KEY_1_A_missing_file_or_folder_and_a_folder_in_its_place_are_told_in_a_sentence()
    {
        foreach (var path in (string[])[Path.Combine(_folder.FullName, "none"), "/no/such/folder/key", _folder.FullName])
        {
            await Assert.ThrowsAsync<RootKeyException>(() => new FileRootKey(path).ReadAsync(Stop));
        }
    }

    [Fact]
    public async Task KEY_1_A_new_key_file_is_readable_by_its_owner_alone_and_never_overwritten()
    {
        var path = Path.Combine(_folder.FullName, "key");
        using var made = FileRootKey.Create(path);

        Assert.Equal(UnixFileMode.UserRead, File.GetUnixFileMode(path));
        using var read = await new FileRootKey(path).ReadAsync(Stop);
        Assert.Equal(made.Fingerprint, read.Fingerprint);
        Assert.Throws<IOException>(() => FileRootKey.Create(path));
    }

    [Theory]
    [InlineData("sleep 60")]
    [InlineData("echo ok >&2; sleep 60")]
    [InlineData("yes")]
    [InlineData("exec >&-; sleep 60")]
    [InlineData("cat")]
    [InlineData("exit 3")]
    [InlineData("echo garbage")]
    [InlineData("kill -9 $$")]
    [InlineData("true")]
    public async Task KEY_5_A_command_that_hangs_fails_or_babbles_leaves_the_vault_sealed_in_time(string script)
    {
        var began = Stopwatch.GetTimestamp();
        await Assert.ThrowsAsync<RootKeyException>(() => new CommandRootKey(["/bin/sh", "-c", script], TimeSpan.FromSeconds(1)).ReadAsync(Stop));

        Assert.True(Stopwatch.GetElapsedTime(began) < TimeSpan.FromSeconds(15), "The command was waited for.");
    }

    [Fact]
    public async Task KEY_5_A_command_that_cannot_be_started_is_told_and_one_that_prints_a_key_is_used()
    {
        await Assert.ThrowsAsync<RootKeyException>(() => new CommandRootKey(["/no/such/program"], TimeSpan.FromSeconds(5)).ReadAsync(Stop));
        await Assert.ThrowsAsync<RootKeyException>(() => new CommandRootKey([_folder.FullName], TimeSpan.FromSeconds(5)).ReadAsync(Stop));
        using var key = RootKey.Generate();
        using var printed = await new CommandRootKey(["echo", key.Export()], TimeSpan.FromSeconds(20)).ReadAsync(Stop);
        Assert.Equal(key.Fingerprint, printed.Fingerprint);

        // With a failing exit the key counts for nothing.
        await Assert.ThrowsAsync<RootKeyException>(() => new CommandRootKey(["/bin/sh", "-c", $"echo {key.Export()}; exit 1"], TimeSpan.FromSeconds(20)).ReadAsync(Stop));
    }

    private string Write(string text, UnixFileMode mode)
    {
        var path = Path.Combine(_folder.FullName, Guid.NewGuid().ToString("n"));
        File.WriteAllText(path, text);
        File.SetUnixFileMode(path, mode);
        return path;
    }
}

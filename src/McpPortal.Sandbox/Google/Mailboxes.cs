using System.Globalization;
using McpPortal.Sandbox.People;
using McpPortal.Sandbox.State;

namespace McpPortal.Sandbox.Google;

/// <summary>One mailbox for each account, filled on first use; mail between accounts arrives.</summary>
internal sealed class Mailboxes(SandboxStore store, TimeProvider time)
{
    /// <summary>Newest first.</summary>
    public IReadOnlyList<StoredMail> List(string account)
    {
        Fill(account);
        return store.Read(state => state.Mailboxes[account].Messages.OrderByDescending(mail => mail.Received).ThenByDescending(mail => mail.Id, StringComparer.Ordinal).ToList());
    }

    public StoredMail? Find(string account, string id)
    {
        Fill(account);
        return store.Read(state => state.Mailboxes[account].Messages.FirstOrDefault(mail => mail.Id == id));
    }

    /// <summary>Keeps the message in SENT and delivers it to every addressee who has a mailbox here.</summary>
    public StoredMail Send(string account, string raw, string? threadId)
    {
        var message = MailParser.Parse(raw);
        var stamped = message.Header("From") is null ? $"From: {account}\n{raw}" : raw;
        var addressees = string.Join(',', message.Header("To"), message.Header("Cc"), message.Header("Bcc"));
        foreach (var addressee in Residents.Named.SelectMany(person => person.GoogleAccounts).Where(address => addressees.Contains(address, StringComparison.OrdinalIgnoreCase)))
        {
            Fill(addressee);
            store.Change(state => Add(state.Mailboxes[addressee], stamped, ["INBOX", "UNREAD"], threadId: null, TimeSpan.Zero));
        }

        Fill(account);
        return store.Change(state => Add(state.Mailboxes[account], stamped, ["SENT"], threadId, TimeSpan.Zero));
    }

    private void Fill(string account)
    {
        if (store.Read(state => state.Mailboxes.ContainsKey(account)))
        {
            return;
        }

        store.Change(state =>
        {
            var mailbox = new Mailbox();
            if (state.Mailboxes.TryAdd(account, mailbox))
            {
                foreach (var (raw, age, labels) in SampleMail.For(account))
                {
                    Add(mailbox, raw, labels, threadId: null, age);
                }
            }

            return true;
        });
    }

    private StoredMail Add(Mailbox mailbox, string raw, string[] labels, string? threadId, TimeSpan age)
    {
        var received = time.GetUtcNow() - age;
        var id = Randoms.Id();
        var dated = MailParser.Parse(raw).Header("Date") is null
            ? $"Date: {received.ToString("ddd, dd MMM yyyy HH:mm:ss", CultureInfo.InvariantCulture)} +0000\n{raw}"
            : raw;
        var mail = new StoredMail { Id = id, ThreadId = threadId ?? id, Raw = dated, Received = received, Labels = labels };
        mailbox.Messages.Add(mail);
        return mail;
    }
}

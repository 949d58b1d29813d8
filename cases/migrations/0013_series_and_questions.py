
import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('cases', '0012_the_ct_behind'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name='upload',
            name='answers',
            field=models.JSONField(blank=True, help_text='What the curator answered; none: nobody did yet', null=True),
        ),
        migrations.AddField(
            model_name='upload',
            name='questions',
            field=models.JSONField(blank=True, db_default={}, default=dict, help_text='What its curator is asked before it is imported: tables, and studies of stacks'),
        ),
        migrations.AlterField(
            model_name='upload',
            name='state',
            field=models.CharField(choices=[('arriving', 'Arriving'), ('asking', 'Waiting for you'), ('waiting', 'Waiting to be imported'), ('importing', 'Being imported'), ('done', 'Imported'), ('failed', 'Stopped')], default='arriving', max_length=10),
        ),
        migrations.CreateModel(
            name='StudySeries',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('source_key', models.CharField(help_text="That of the study's case", max_length=200)),
                ('known', models.JSONField(default=list, help_text='Key and words of each, as last imported')),
                ('chosen', models.JSONField(blank=True, help_text='Keys, the first one first; none: nobody chose', null=True)),
                ('at', models.DateTimeField(auto_now=True)),
                ('by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('dataset', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='study_series', to='cases.dataset')),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('dataset', 'source_key'), name='series_once_a_study')],
            },
        ),
    ]
